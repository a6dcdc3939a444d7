"""A dead server's children are ended, even those that ignore being asked."""

from __future__ import annotations

import io
import subprocess
import sys

import psutil

from redeye.stack.servers import reaper

# The leader starts a child in its own group, tells its pid and dies.
LEADER = """
import subprocess, sys
code = "import signal, sys, time; {handler}; print(flush=True); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
"""


def orphan(handler: str) -> tuple[int, psutil.Process]:
    leader = subprocess.Popen(
        [sys.executable, "-c", LEADER.replace("{handler}", handler)], stdout=subprocess.PIPE, process_group=0
    )
    told = leader.communicate()[0]
    return leader.pid, psutil.Process(int(told))


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_child_left_behind_is_ended():
    leader, child = orphan("pass")
    assert reaper.end_group(leader, grace_seconds=5)
    assert is_gone(child)


def test_a_child_that_ignores_the_request_is_killed():
    leader, child = orphan("signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    assert reaper.end_group(leader, grace_seconds=0.2)
    psutil.wait_procs([child], timeout=5)
    assert is_gone(child)


def test_an_empty_group_is_no_error():
    done = subprocess.Popen([sys.executable, "-c", ""], process_group=0)
    done.wait()
    assert not reaper.end_group(done.pid)


def test_the_group_of_an_event_is_ended_and_the_event_acknowledged():
    payload = "processname:mlflow groupname:servers from_state:RUNNING expected:0 pid:4711"
    events = io.StringIO(f"ver:3.0 eventname:PROCESS_STATE_EXITED len:{len(payload)}\n{payload}")
    answers, ended = io.StringIO(), []
    reaper.serve(events, answers, ended.append)
    assert ended == [4711]
    assert "RESULT 2\nOK" in answers.getvalue()
