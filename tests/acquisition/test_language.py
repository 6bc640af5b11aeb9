"""Endpoints that fail, answer nonsense or have no log-probabilities; recordings."""

from __future__ import annotations

import json
import math
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from adami.acquisition import OpenAIChat, Recorded, Replayed, ScriptedModel

ASKED = [{"role": "user", "content": "Which animal is it?"}]


@pytest.fixture
def server():
    """A server on this machine whose answers are listed by the test."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.server.seen.append((self.path, sent, dict(self.headers)))
            code, body = self.server.reply(self.path, sent)
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args) -> None:
            """Stay silent."""

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.seen = []
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{found.server_port}/v1"
    yield found
    found.shutdown()
    found.server_close()


def said(text: str):
    return 200, {"choices": [{"message": {"content": text}}]}


def model_of(server, waits: list, **more) -> OpenAIChat:
    return OpenAIChat(server.url, "m", sleep=waits.append, timeout=5, **more)


def test_retried_with_backoff(server) -> None:
    replies = iter([(503, b"busy"), (200, b"<html>"), (200, {"choices": []}), said("a cat")])
    server.reply = lambda path, sent: next(replies)
    waits: list[float] = []
    assert model_of(server, waits).complete(ASKED, temperature=0.5, seed=3) == "a cat"
    assert waits == [0.5, 1.0, 2.0]
    assert server.seen[0][1]["seed"] == 3
    assert server.seen[0][1]["messages"] == ASKED


def test_given_up_with_a_reason(server) -> None:
    server.reply = lambda path, sent: (200, b"nonsense")
    with pytest.raises(ConnectionError, match=r"3 attempts.*no sense"):
        model_of(server, [], retries=2).complete(ASKED)
    with pytest.raises(ConnectionError, match="attempts"):
        OpenAIChat("http://127.0.0.1:9/v1", "m", retries=1, sleep=lambda s: None).complete(ASKED)


def test_the_key_is_sent_and_never_shown(server, monkeypatch) -> None:
    monkeypatch.setenv("SOME_KEY", "hidden")
    server.reply = lambda path, sent: (401, b"wrong key")
    model = model_of(server, [], api_key_env="SOME_KEY")
    with pytest.raises(PermissionError, match="401") as error:
        model.complete(ASKED)
    assert server.seen[0][2]["Authorization"] == "Bearer hidden"
    assert "hidden" not in str(error.value) + repr(vars(model))
    monkeypatch.delenv("SOME_KEY")
    with pytest.raises(ValueError, match="SOME_KEY"):
        model_of(server, [], api_key_env="SOME_KEY")
    with pytest.raises(ValueError, match="http"):
        OpenAIChat("file:///etc", "m")


def test_options_by_first_tokens(server) -> None:
    top = [{"token": " cat", "logprob": math.log(0.6)}, {"token": " dog", "logprob": math.log(0.2)}]
    server.reply = lambda path, sent: (
        200,
        {"choices": [{"logprobs": {"content": [{"top_logprobs": top}]}, "message": {"content": ""}}]},
    )
    model = model_of(server, [])
    np.testing.assert_allclose(np.exp(model.option_logprobs(ASKED, ["cat", "dog"])), [0.75, 0.25])
    assert model.scoring == "first_token"
    with pytest.raises(ValueError, match="different"):
        model.option_logprobs(ASKED, ["cat", "cat"])


def test_options_that_share_their_first_token(server) -> None:
    def reply(path, sent):
        if path.endswith("/chat/completions"):
            top = [{"token": "white", "logprob": -0.1}]
            return 200, {"choices": [{"logprobs": {"content": [{"top_logprobs": top}]}}]}
        text = sent["prompt"]
        place = text.rindex(" white")
        pair = [-1.0, -0.5 if text.endswith("bear") else -2.5]
        return 200, {
            "choices": [{"logprobs": {"text_offset": [0, place, place + 6], "token_logprobs": [None, *pair]}}]
        }

    server.reply = reply
    model = model_of(server, [])
    found = np.exp(model.option_logprobs(ASKED, ["white bear", "white whale"]))
    assert model.scoring == "completion"
    assert found[0] / found[1] == pytest.approx(math.exp(2.0))


def test_options_by_counts(server) -> None:
    def reply(path, sent):
        if "logprobs" in sent or path.endswith("/v1/completions"):
            return 400, b"no logprobs here"
        return said("Dog." if sent["seed"] % 4 else "cat")

    server.reply = reply
    model = model_of(server, [], samples=20)
    found = np.exp(model.option_logprobs(ASKED, ["cat", "dog"]))
    assert model.scoring == "counts"
    np.testing.assert_allclose(found, [5.5 / 21, 15.5 / 21])


def test_recorded_and_replayed(tmp_path) -> None:
    path = tmp_path / "said.jsonl"
    scripted = ScriptedModel(["one", "two"], lambda messages, option: float(len(option)))
    recorded = Recorded(scripted, path)
    first, second = recorded.complete(ASKED), recorded.complete(ASKED)
    scores = recorded.option_logprobs(ASKED, ["cat", "mouse"])
    with pytest.raises(ValueError, match="script"):
        recorded.complete(ASKED)
    replayed = Replayed(path)
    assert [replayed.complete(ASKED), replayed.complete(ASKED)] == [first, second]
    np.testing.assert_array_equal(replayed.option_logprobs(ASKED, ["cat", "mouse"]), scores)
    with pytest.raises(KeyError, match="record it"):
        replayed.complete(ASKED, temperature=0.3)
    # the last line was cut by an interruption
    path.write_text(path.read_text() + '{"request": {"mess')
    assert Replayed(path).complete(ASKED) == "one"
    path.write_text("no\n" + path.read_text())
    with pytest.raises(ValueError, match="line 1"):
        Replayed(path)
