"""The worker process: fetches jobs and runs them on threads, until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import procrastinate
from procrastinate import PsycopgConnector

from blogforge_llm import jobqueue, runner
from blogforge_llm.jobs import tasks, upkeep
from blogforge_llm.presence import presence
from blogforge_llm.watching import watch

log = logging.getLogger(__name__)

SLOTS = 32  # tasks asked at once; each is a thread that waits for a provider


def run(database_url: str, *, grace_s: float) -> None:
    """Work until SIGTERM or SIGINT; then let running tasks end for `grace_s`, and give back the rest."""
    # A job's thread begins while the event loop still computes: it must not wait the usual 5 ms for its turn.
    sys.setswitchinterval(0.0005)
    gc.freeze()  # what was imported stays: the collector need not look at it in the middle of a job
    presence.join(jobqueue.INTERACTIVE)
    watch.start()
    try:
        asyncio.run(_work(database_url, grace_s))
    finally:
        watch.stop()
        presence.leave()


async def _work(database_url: str, grace_s: float) -> None:
    loop = asyncio.get_running_loop()
    # asyncio's default executor has six threads here: jobs would wait for each other.
    loop.set_default_executor(ThreadPoolExecutor(SLOTS + 4, thread_name_prefix="job"))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # What the queue writes need not survive a power cut: a job delivered twice finds its task taken (tasks.start).
    connector = PsycopgConnector(
        conninfo=database_url, min_size=1, max_size=4, kwargs={"options": "-c synchronous_commit=off"}
    )
    app = procrastinate.App(connector=connector)
    tasks.register(app)
    upkeep.register(app)
    async with app.open_async():
        print("blogforge: worker runs tasks", flush=True)
        while not stop.is_set():
            worker = asyncio.create_task(_fetch(app))
            await asyncio.wait({worker, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                await _drain(worker, grace_s)
            else:  # the database went away: come back when it does
                log.warning("the queue's worker ended, starting again: %s", worker.exception())
                await asyncio.sleep(0.5)


async def _fetch(app: procrastinate.App) -> None:
    await app.run_worker_async(
        queues=[jobqueue.INTERACTIVE, jobqueue.UPKEEP],
        concurrency=SLOTS,
        install_signal_handlers=False,
        fetch_job_polling_interval=2.0,
        delete_jobs="always",  # the task's own rows tell its history
    )


async def _drain(worker: asyncio.Task[None], grace_s: float) -> None:
    worker.cancel()  # it fetches no more, and waits for its jobs
    done, _ = await asyncio.wait({worker}, timeout=grace_s)
    if not done:
        runner.stop()
        await asyncio.wait({worker}, timeout=5)
