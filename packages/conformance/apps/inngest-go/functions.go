// The functions of the suite `harness/sdk-suite.ts`, written with the official Go SDK. Each is started by the event `sdk/<id>`.
package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/inngest/inngestgo"
	sdkerrors "github.com/inngest/inngestgo/errors"
	"github.com/inngest/inngestgo/group"
	"github.com/inngest/inngestgo/step"
)

type fields = map[string]any
type input = inngestgo.Input[fields]
type options = inngestgo.FunctionOpts
type handler = inngestgo.SDKFunction[fields]

var gates = map[string]chan struct{}{"gated": make(chan struct{}), "publish": make(chan struct{})}

func on(client inngestgo.Client, opts options, run handler) {
	_, err := inngestgo.CreateFunction(client, opts, inngestgo.EventTrigger("sdk/"+opts.ID, nil), run)
	must(err)
}

func constant[T any](value T) func(context.Context) (T, error) {
	return func(context.Context) (T, error) { return value, nil }
}

func number(in input) int { return int(in.Event.Data["n"].(float64)) }

func now(context.Context) (int64, error) { return time.Now().UnixMilli(), nil }

// any parallel branch is a function of the context
func branch[T any](run func(context.Context) (T, error)) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) { return run(ctx) }
}

func runs[T any](id string, value T) func(context.Context) (any, error) {
	return branch(func(ctx context.Context) (T, error) { return step.Run(ctx, id, constant(value)) })
}

func defineSteps(client inngestgo.Client) {
	on(client, options{ID: "run"}, func(ctx context.Context, in input) (any, error) {
		a, err := step.Run(ctx, "first", constant(fields{"n": number(in), "text": "ü", "nothing": nil}))
		if err != nil {
			return nil, err
		}
		b, err := step.Run(ctx, "second", func(context.Context) (int, error) { return int(a["n"].(float64)) + 1, nil })
		return fields{"a": a, "b": b, "name": in.Event.Name}, err
	})
	on(client, options{ID: "sync"}, func(ctx context.Context, in input) (any, error) {
		results := group.Parallel(ctx, runs("a", 1), runs("b", 2))
		if err := results.AnyError(); err != nil {
			return nil, err
		}
		step.Sleep(ctx, "nap", 100*time.Millisecond)
		return step.Run(ctx, "sum", constant(results[0].Value.(int)+results[1].Value.(int)))
	})
	on(client, options{ID: "sleep"}, func(ctx context.Context, in input) (any, error) {
		start, _ := step.Run(ctx, "from", now)
		step.Sleep(ctx, "nap", time.Second)
		middle, _ := step.Run(ctx, "middle", now)
		step.SleepUntil(ctx, "until", time.UnixMilli(middle+1000))
		end, err := step.Run(ctx, "end", now)
		return fields{"first": middle - start, "second": end - middle}, err
	})
	on(client, options{ID: "wait"}, func(ctx context.Context, in input) (any, error) {
		got, err := step.WaitForEvent[inngestgo.Event](ctx, "answer", step.WaitForEventOpts{
			Event: "sdk/answer", If: inngestgo.StrPtr("async.data.key == event.data.key"), Timeout: time.Hour,
		})
		return fields{"name": got.Name, "n": got.Data["n"]}, err
	})
	on(client, options{ID: "wait-timeout"}, func(ctx context.Context, in input) (any, error) {
		_, err := step.WaitForEvent[inngestgo.Event](ctx, "answer", step.WaitForEventOpts{Event: "sdk/never", Timeout: 500 * time.Millisecond})
		if errors.Is(err, step.ErrEventNotReceived) {
			return fields{"got": nil}, nil
		}
		return nil, err
	})
	on(client, options{ID: "child"}, func(ctx context.Context, in input) (any, error) { return number(in) * 2, nil })
	on(client, options{ID: "failing-child", Retries: inngestgo.IntPtr(0)}, func(ctx context.Context, in input) (any, error) {
		return nil, errors.New("the child failed")
	})
	on(client, options{ID: "invoke"}, func(ctx context.Context, in input) (any, error) {
		first, err := step.Invoke[int](ctx, "call", step.InvokeOpts{FunctionId: "sdk-child", Data: fields{"n": 21}})
		if err != nil {
			return nil, err
		}
		second, err := step.Invoke[int](ctx, "call-by-id", step.InvokeOpts{FunctionId: "sdk-child", Data: fields{"n": first}})
		return []int{first, second}, err
	})
	on(client, options{ID: "invoke-failing"}, func(ctx context.Context, in input) (any, error) {
		_, err := step.Invoke[any](ctx, "call", step.InvokeOpts{FunctionId: "sdk-failing-child", Data: fields{}})
		if err == nil {
			return nil, nil
		}
		return fields{"caught": err.Error()}, nil
	})
	on(client, options{ID: "send"}, func(ctx context.Context, in input) (any, error) {
		events := []inngestgo.GenericEvent[fields]{}
		for part := 1; part <= 2; part++ {
			events = append(events, inngestgo.GenericEvent[fields]{Name: "sdk/sent", Data: fields{"key": in.Event.Data["key"], "part": part}})
		}
		ids, err := step.SendMany(ctx, "tell", events)
		return fields{"ids": ids}, err
	})
	on(client, options{ID: "sent"}, func(ctx context.Context, in input) (any, error) { return in.Event.Data["part"], nil })
	on(client, options{ID: "parallel"}, parallel)
	on(client, options{ID: "repeated"}, func(ctx context.Context, in input) (any, error) {
		all := []int{}
		for n := range 3 {
			one, err := step.Run(ctx, "same", constant(n))
			if err != nil {
				return nil, err
			}
			all = append(all, one)
		}
		return all, nil
	})
	on(client, options{ID: "large"}, func(ctx context.Context, in input) (any, error) {
		sizes := []int{}
		for _, id := range []string{"0", "1", "2", "3"} {
			text, err := step.Run(ctx, "large "+id, constant(strings.Repeat(id, 2*1024*1024)))
			if err != nil {
				return nil, err
			}
			sizes = append(sizes, len(text))
		}
		return sizes, nil
	})
}

func parallel(ctx context.Context, in input) (any, error) {
	numbers := group.Parallel(ctx, runs("part 0", 0), runs("part 1", 1), runs("part 2", 2), runs("part 3", 3), runs("part 4", 4))
	if err := numbers.AnyError(); err != nil {
		return nil, err
	}
	sum := 0
	for _, result := range numbers {
		sum += result.Value.(int)
	}
	mixed := group.Parallel(ctx,
		branch(func(ctx context.Context) (int, error) {
			return step.Invoke[int](ctx, "call", step.InvokeOpts{FunctionId: "sdk-child", Data: fields{"n": 4}})
		}),
		func(ctx context.Context) (any, error) {
			step.Sleep(ctx, "short", 100*time.Millisecond)
			return nil, nil
		},
		runs("part 0", 7),
	)
	if err := mixed.AnyError(); err != nil {
		return nil, err
	}
	return fields{"sum": sum, "mixed": []any{mixed[0].Value, mixed[2].Value}}, nil
}

func defineFailures(client inngestgo.Client) {
	once := inngestgo.IntPtr(1)
	on(client, options{ID: "retry"}, func(ctx context.Context, in input) (any, error) {
		attempt, err := step.Run(ctx, "flaky", func(context.Context) (int, error) {
			tellBody("retry", in)
			if in.InputCtx.Attempt == 0 {
				return 0, errors.New("flaky")
			}
			return in.InputCtx.Attempt, nil
		})
		if err != nil {
			return nil, err
		}
		after, err := step.Run(ctx, "after", constant("done"))
		return fields{"attempt": attempt, "after": after}, err
	})
	on(client, options{ID: "retry-after"}, func(ctx context.Context, in input) (any, error) {
		attempt, err := step.Run(ctx, "later", func(context.Context) (int, error) {
			if in.InputCtx.Attempt == 0 {
				return 0, sdkerrors.RetryAtError(errors.New("not yet"), time.Now().Add(2*time.Second))
			}
			return in.InputCtx.Attempt, nil
		})
		return fields{"attempt": attempt}, err
	})
	on(client, options{ID: "step-error", Retries: once}, func(ctx context.Context, in input) (any, error) {
		_, err := step.Run(ctx, "broken", func(context.Context) (any, error) {
			tellBody("step-error", in)
			return nil, errors.New("broken for good")
		})
		if err == nil {
			return nil, nil
		}
		return fields{"message": err.Error()}, nil
	})
	on(client, options{ID: "non-retriable"}, func(ctx context.Context, in input) (any, error) {
		tellBody("non-retriable", in)
		return nil, sdkerrors.NoRetryError(errors.New("no use"))
	})
	on(client, options{ID: "exhausted", Retries: once}, func(ctx context.Context, in input) (any, error) {
		tellBody("exhausted", in)
		return nil, errors.New("attempt " + string(rune('0'+in.InputCtx.Attempt)))
	})
	on(client, options{ID: "failing", Retries: inngestgo.IntPtr(0)}, func(ctx context.Context, in input) (any, error) {
		return nil, errors.New("out of range")
	})
	// The SDK has no failure handlers: a function that the server's own event starts does the same.
	failed := inngestgo.EventTrigger("inngest/function.failed", inngestgo.StrPtr("event.data.function_id == 'sdk-failing'"))
	_, err := inngestgo.CreateFunction(client, options{ID: "failure"}, failed, tellFailure)
	must(err)
	on(client, options{ID: "gated"}, func(ctx context.Context, in input) (any, error) {
		before, err := step.Run(ctx, "before", func(context.Context) (int, error) {
			tellBody("before", in)
			return os.Getpid(), nil
		})
		if err != nil {
			return nil, err
		}
		gate, err := step.Run(ctx, "gate", func(context.Context) (string, error) {
			report("gate-entered", fields{"attempt": in.InputCtx.Attempt})
			<-gates["gated"]
			return "through", nil
		})
		return fields{"before": before, "gate": gate}, err
	})
}

func tellBody(name string, in input) {
	report("body", fields{"name": name, "attempt": in.InputCtx.Attempt})
}

func tellFailure(ctx context.Context, in input) (any, error) {
	original, _ := in.Event.Data["event"].(fields)
	failure, _ := in.Event.Data["error"].(fields)
	report("failure", fields{"original": original["data"], "message": failure["message"]})
	return nil, nil
}
