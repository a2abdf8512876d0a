/**
 * Where the shop's pictures come from: a local server that makes each picture when it is asked for, and is out of order now and then, so
 * that retries are seen.
 */
import { createServer, type Server } from "node:http";
import sharp from "sharp";

const WIDTH = 1_600;
const HEIGHT = 1_000;

/** Every how many requests are answered 503. */
const FAILS_EVERY = 7;

/** A server of pictures `/picture/<n>.jpg`; it does not listen yet. */
export function pictureServer(): Server {
  let requests = 0;
  return createServer((request, response) => {
    requests += 1;
    const number = /^\/picture\/(\d+)\.jpg$/.exec(request.url ?? "")?.[1];
    if (number === undefined) return void response.writeHead(404).end();
    if (requests % FAILS_EVERY === 0) return void response.writeHead(503).end("The picture server is having a moment.");
    picture(Number(number)).then(
      (bytes) => response.writeHead(200, { "content-type": "image/jpeg" }).end(bytes),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
}

/** A picture of two colours and its number. */
function picture(number: number): Promise<Buffer> {
  const hue = (number * 47) % 360;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}">
    <defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1">
      <stop offset="0" stop-color="hsl(${hue}, 70%, 55%)"/><stop offset="1" stop-color="hsl(${(hue + 60) % 360}, 60%, 25%)"/>
    </linearGradient></defs>
    <rect width="100%" height="100%" fill="url(#g)"/>
    <circle cx="${400 + ((number * 97) % 800)}" cy="500" r="260" fill="white" opacity="0.35"/>
  </svg>`;
  return sharp(Buffer.from(svg)).jpeg({ quality: 92 }).toBuffer();
}
