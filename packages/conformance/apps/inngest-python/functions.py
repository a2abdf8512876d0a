"""The functions of the suite `harness/sdk-suite.ts`, written with the official Python SDK. Each is started by the event `sdk/<id>`."""

import asyncio
import datetime
import os
import threading

import inngest
from inngest.experimental import realtime
from inngest.experimental.ai.openai import Adapter

from channel import on_told, report

client = inngest.Inngest(app_id="sdk")
functions: list[inngest.Function] = []
gates = {"gated": threading.Event(), "publish": threading.Event()}
on_told(lambda message: gates[message["gate"]].set() if message["kind"] == "open" else None)


def function(fn_id: str, **options):
    """Defines a function and keeps it."""

    def keep(handler):
        trigger = inngest.TriggerEvent(event=f"sdk/{fn_id}")
        made = client.create_function(fn_id=fn_id, **{"trigger": trigger, **options})(handler)
        functions.append(made)
        return made

    return keep


@function("run")
async def run(ctx: inngest.Context) -> object:
    async def first() -> dict[str, object]:
        return {"n": ctx.event.data["n"], "text": "ü", "nothing": None}

    a = await ctx.step.run("first", first)

    async def second() -> int:
        return a["n"] + 1

    return {"a": a, "b": await ctx.step.run("second", second), "name": ctx.event.name}


@function("sync")
def sync(ctx: inngest.ContextSync) -> object:
    """A handler that is no coroutine."""
    a, b = ctx.group.parallel((lambda: ctx.step.run("a", lambda: 1), lambda: ctx.step.run("b", lambda: 2)))
    ctx.step.sleep("nap", 1000)
    return ctx.step.run("sum", lambda: a + b)


@function("sleep")
async def sleep(ctx: inngest.Context) -> object:
    async def now() -> float:
        return datetime.datetime.now().timestamp() * 1000

    start = await ctx.step.run("from", now)
    await ctx.step.sleep("nap", datetime.timedelta(seconds=1))
    middle = await ctx.step.run("middle", now)
    await ctx.step.sleep_until("until", datetime.datetime.fromtimestamp(middle / 1000 + 1))
    return {"first": middle - start, "second": await ctx.step.run("end", now) - middle}


@function("wait")
async def wait(ctx: inngest.Context) -> object:
    got = await ctx.step.wait_for_event(
        "answer", event="sdk/answer", if_exp="async.data.key == event.data.key", timeout=datetime.timedelta(hours=1)
    )
    return {"name": got.name, "n": got.data["n"]} if got else None


@function("wait-timeout")
async def wait_timeout(ctx: inngest.Context) -> object:
    return {"got": await ctx.step.wait_for_event("answer", event="sdk/never", timeout=1000)}


@function("child")
async def child(ctx: inngest.Context) -> int:
    return int(ctx.event.data["n"]) * 2


@function("failing-child", retries=0)
async def failing_child(ctx: inngest.Context) -> None:
    raise ValueError("the child failed")


@function("invoke")
async def invoke(ctx: inngest.Context) -> object:
    first = await ctx.step.invoke("call", function=child, data={"n": 21})
    second = await ctx.step.invoke_by_id("call-by-id", function_id="child", data={"n": first})
    return [first, second]


@function("invoke-failing")
async def invoke_failing(ctx: inngest.Context) -> object:
    try:
        return await ctx.step.invoke("call", function=failing_child, data={})
    except inngest.StepError as error:
        return {"caught": error.message}


@function("send")
async def send(ctx: inngest.Context) -> object:
    key = ctx.event.data["key"]
    events = [inngest.Event(name="sdk/sent", data={"key": key, "part": part}) for part in (1, 2)]
    return {"ids": await ctx.step.send_event("tell", events)}


@function("sent")
async def sent(ctx: inngest.Context) -> object:
    return ctx.event.data["part"]


@function("parallel")
async def parallel(ctx: inngest.Context) -> object:
    async def part(n: int) -> int:
        return n

    numbers = await ctx.group.parallel(tuple((lambda n=n: ctx.step.run(f"part {n}", part, n)) for n in range(5)))
    texts = await ctx.group.parallel(
        (
            lambda: ctx.step.invoke("call", function=child, data={"n": 4}),
            lambda: ctx.step.sleep("short", 1000),
            lambda: ctx.step.run("part 0", part, 7),
        )
    )
    return {"sum": sum(numbers), "mixed": [texts[0], texts[2]]}


@function("repeated")
async def repeated(ctx: inngest.Context) -> object:
    async def same(n: int) -> int:
        return n

    return [await ctx.step.run("same", same, n) for n in range(3)]


@function("large")
async def large(ctx: inngest.Context) -> object:
    async def text(n: int) -> str:
        return str(n) * (2 * 1024 * 1024)

    return [len(await ctx.step.run(f"large {n}", text, n)) for n in range(4)]


@function("retry")
async def retry(ctx: inngest.Context) -> object:
    async def flaky() -> int:
        report("body", name="retry", attempt=ctx.attempt)
        if ctx.attempt == 0:
            raise RuntimeError("flaky")
        return ctx.attempt

    async def after() -> str:
        return "done"

    return {"attempt": await ctx.step.run("flaky", flaky), "after": await ctx.step.run("after", after)}


@function("retry-after")
async def retry_after(ctx: inngest.Context) -> object:
    async def later() -> int:
        if ctx.attempt == 0:
            raise inngest.RetryAfterError("not yet", datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2))
        return ctx.attempt

    return {"attempt": await ctx.step.run("later", later)}


@function("step-error", retries=1)
async def step_error(ctx: inngest.Context) -> object:
    async def broken() -> None:
        report("body", name="step-error", attempt=ctx.attempt)
        raise ValueError("broken for good")

    try:
        await ctx.step.run("broken", broken)
    except inngest.StepError as error:
        return {"name": error.name, "message": error.message}


@function("non-retriable")
async def non_retriable(ctx: inngest.Context) -> None:
    report("body", name="non-retriable", attempt=ctx.attempt)
    raise inngest.NonRetriableError("no use")


@function("exhausted", retries=1)
async def exhausted(ctx: inngest.Context) -> None:
    report("body", name="exhausted", attempt=ctx.attempt)
    raise ValueError(f"attempt {ctx.attempt}")


async def tell_failure(ctx: inngest.Context) -> None:
    """Called by the server when `failing` has failed."""
    report("failure", original=ctx.event.data["event"]["data"], message=ctx.event.data["error"]["message"])


@function("failing", retries=0, on_failure=tell_failure)
async def failing(ctx: inngest.Context) -> None:
    raise ValueError("out of range")


@function("infer")
async def infer(ctx: inngest.Context) -> object:
    adapter = Adapter(auth_key="key-of-the-test", base_url=ctx.event.data["url"], model="m-1")
    answer = await ctx.step.ai.infer("ask", adapter=adapter, body={"messages": [{"role": "user", "content": "hello"}]})
    return answer["choices"][0]["message"]["content"]


@function("publish")
async def publish(ctx: inngest.Context) -> object:
    token = await realtime.get_subscription_token(client, "depot", ["news"])
    report("token", key=token["key"])

    async def tell() -> str:
        await asyncio.to_thread(gates["publish"].wait)
        await realtime.publish(client, "depot", "news", {"n": 7})
        return "told"

    return await ctx.step.run("tell", tell)


@function("cancel", cancel=[inngest.Cancel(event="sdk/stop", if_exp="event.data.key == async.data.key")])
async def cancel(ctx: inngest.Context) -> None:
    await ctx.step.sleep("long", datetime.timedelta(hours=1))


@function("gated")
async def gated(ctx: inngest.Context) -> object:
    async def before() -> int:
        report("body", name="before")
        return os.getpid()

    async def at_gate() -> str:
        report("gate-entered", attempt=ctx.attempt)
        await asyncio.to_thread(gates["gated"].wait)
        return "through"

    return {"before": await ctx.step.run("before", before), "gate": await ctx.step.run("gate", at_gate)}


@function("batch", batch_events=inngest.Batch(max_size=2, timeout=datetime.timedelta(seconds=60)))
async def batch(ctx: inngest.Context) -> object:
    return [event.data["n"] for event in ctx.events]


@function("debounce", debounce=inngest.Debounce(period=datetime.timedelta(seconds=1), key="event.data.key"))
async def debounce(ctx: inngest.Context) -> object:
    return ctx.event.data["n"]


@function("rate-limit", rate_limit=inngest.RateLimit(limit=1, period=datetime.timedelta(hours=1), key="event.data.key"))
async def rate_limit(ctx: inngest.Context) -> object:
    return ctx.event.data["n"]


@function("idempotency", idempotency="event.data.key")
async def idempotency(ctx: inngest.Context) -> object:
    return ctx.event.data["n"]


@function("singleton", singleton=inngest.Singleton(key="event.data.key", mode="skip"))
async def singleton(ctx: inngest.Context) -> object:
    await ctx.step.sleep("long", 1000)
    return ctx.event.data["n"]


@function(
    "everything",
    name="All options",
    retries=2,
    concurrency=[inngest.Concurrency(limit=1, key="event.data.key", scope="fn"), inngest.Concurrency(limit=9)],
    throttle=inngest.Throttle(limit=5, period=datetime.timedelta(minutes=1), burst=2, key="event.data.key"),
    priority=inngest.Priority(run="event.data.priority"),
    timeouts=inngest.Timeouts(start=datetime.timedelta(minutes=5), finish=datetime.timedelta(minutes=10)),
    cancel=[inngest.Cancel(event="sdk/stop", timeout=datetime.timedelta(hours=1))],
    trigger=[
        inngest.TriggerEvent(event="sdk/everything", expression="event.data.n > 0"),
        inngest.TriggerCron(cron="TZ=Europe/Vienna 0 3 1 1 *"),
    ],
)
async def everything(ctx: inngest.Context) -> object:
    return ctx.event.data["n"]
