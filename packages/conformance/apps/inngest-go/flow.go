package main

import (
	"context"
	"time"

	"github.com/inngest/inngest/pkg/enums"
	"github.com/inngest/inngestgo"
	"github.com/inngest/inngestgo/step"
)

func returnN(ctx context.Context, in input) (any, error) { return in.Event.Data["n"], nil }

func defineFlow(client inngestgo.Client) {
	key := inngestgo.StrPtr("event.data.key")
	cancel := options{ID: "cancel", Cancel: []inngestgo.ConfigCancel{
		{Event: "sdk/stop", If: inngestgo.StrPtr("event.data.key == async.data.key")},
	}}
	on(client, cancel, func(ctx context.Context, in input) (any, error) {
		step.Sleep(ctx, "long", time.Hour)
		return nil, nil
	})
	batch := options{ID: "batch", BatchEvents: &inngestgo.ConfigBatchEvents{MaxSize: 2, Timeout: 60 * time.Second}}
	on(client, batch, func(ctx context.Context, in input) (any, error) {
		all := []any{}
		for _, event := range in.Events {
			all = append(all, event.Data["n"])
		}
		return all, nil
	})
	on(client, options{ID: "debounce", Debounce: &inngestgo.ConfigDebounce{Period: time.Second, Key: *key}}, returnN)
	on(client, options{ID: "rate-limit", RateLimit: &inngestgo.ConfigRateLimit{Limit: 1, Period: time.Hour, Key: key}}, returnN)
	on(client, options{ID: "idempotency", Idempotency: key}, returnN)
	singleton := options{ID: "singleton", Singleton: &inngestgo.ConfigSingleton{Key: key, Mode: enums.SingletonModeSkip}}
	on(client, singleton, func(ctx context.Context, in input) (any, error) {
		step.Sleep(ctx, "long", 500*time.Millisecond)
		return in.Event.Data["n"], nil
	})
	defineEverything(client, key)
}

func defineEverything(client inngestgo.Client, key *string) {
	opts := options{
		ID:      "everything",
		Name:    "All options",
		Retries: inngestgo.IntPtr(2),
		Concurrency: []inngestgo.ConfigStepConcurrency{
			{Limit: 1, Key: key, Scope: enums.ConcurrencyScopeFn},
			{Limit: 9},
		},
		Throttle: &inngestgo.ConfigThrottle{Limit: 5, Period: time.Minute, Burst: 2, Key: key},
		Priority: &inngestgo.ConfigPriority{Run: inngestgo.StrPtr("event.data.priority")},
		Timeouts: &inngestgo.ConfigTimeouts{Start: inngestgo.Ptr(5 * time.Minute), Finish: inngestgo.Ptr(10 * time.Minute)},
		Cancel:   []inngestgo.ConfigCancel{{Event: "sdk/stop", Timeout: inngestgo.StrPtr("1h")}},
	}
	trigger := inngestgo.MultipleTriggers{
		inngestgo.EventTrigger("sdk/everything", inngestgo.StrPtr("event.data.n > 0")),
		inngestgo.CronTrigger("TZ=Europe/Vienna 0 3 1 1 *"),
	}
	_, err := inngestgo.CreateFunction(client, opts, trigger, returnN)
	must(err)
}
