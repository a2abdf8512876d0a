import { client } from "../client.ts";
import { copyAllImagesToS3, resizer } from "../pictures/bucket.ts";

export default client.createFunction(
  { id: "import-product-images", concurrency: { key: "event.data.userId", limit: 10 } },
  { event: "shop/product.imported" },
  async ({ event, step }) => {
    const s3Urls = await step.run("copy-images-to-s3", async () => copyAllImagesToS3(event.data.imageURLs));
    await step.run("resize-images", async () => {
      await resizer.bulk({ urls: s3Urls, quality: 0.9, maxWidth: 1024 });
    });
  },
);
