package main

import (
	"context"
	"os"

	"github.com/inngest/inngestgo"
	"github.com/inngest/inngestgo/realtime"
	"github.com/inngest/inngestgo/step"
)

type answer struct {
	Choices []struct {
		Message struct {
			Content string `json:"content"`
		} `json:"message"`
	} `json:"choices"`
}

func defineServices(client inngestgo.Client) {
	on(client, options{ID: "infer"}, func(ctx context.Context, in input) (any, error) {
		url := in.Event.Data["url"].(string)
		got, err := step.Infer[fields, answer](ctx, "ask", step.InferOpts[fields]{
			Opts: step.InferOpenAIOpts(inngestgo.StrPtr("key-of-the-test"), &url),
			Body: fields{"model": "m-1", "messages": []fields{{"role": "user", "content": "hello"}}},
		})
		if err != nil {
			return nil, err
		}
		return got.Choices[0].Message.Content, nil
	})
	on(client, options{ID: "publish"}, func(ctx context.Context, in input) (any, error) {
		return step.Run(ctx, "tell", func(ctx context.Context) (string, error) {
			<-gates["publish"]
			url := os.Getenv("INNGEST_BASE_URL") + "/v1/realtime/publish"
			return "told", realtime.PublishWithURL(ctx, url, "depot", "news", []byte(`{"n":7}`))
		})
	})
}
