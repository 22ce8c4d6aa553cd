"""The JSON of the three dialects. They differ in few places, so each is a row of settings; the words of their
errors are in `wording.py`, how bytes reach the socket in `serving.py`.
"""

import time
from dataclasses import dataclass
from typing import Any

from .answers import count_tokens
from .plans import Fault, Reply

Json = dict[str, Any]


@dataclass(frozen=True)
class Dialect:
    name: str
    prefix: str  # of the paths on the stand-in
    base: str  # what a client is given as base URL, appended to the server's address
    nested_errors: bool  # the error body is {"error": {…}}
    usage_in: str  # of a stream: "x_groq", "final_chunk" (always), "stream_options" (own chunk, if asked)
    owner: str
    key_required: bool


GROQ = Dialect("groq", "/openai/v1", "", True, "x_groq", "Groq", True)
CEREBRAS = Dialect("cerebras", "/cerebras/v1", "/cerebras", False, "final_chunk", "Cerebras", True)
COMPATIBLE = Dialect("compatible", "/compatible/v1", "/compatible/v1", True, "stream_options", "stand-in", False)
DIALECTS = {d.name: d for d in (GROQ, CEREBRAS, COMPATIBLE)}

CONTEXT_WINDOWS = {
    "llama-3.3-70b-versatile": 131072,
    "llama-3.1-8b-instant": 131072,
    "gpt-oss-120b": 131072,
    "qwen-3-32b": 65536,
    "llama-standin": 8192,
}
"""Names that answer like `ok` in every dialect; a model list shows them all unless it is told otherwise."""


@dataclass(frozen=True)
class Voice:
    """One answer being told in one dialect: everything its JSON needs beside the text."""

    dialect: Dialect
    number: int
    model: str
    reply: Reply
    prompt_tokens: int
    wants_usage: bool  # stream_options.include_usage
    created: int

    def chunk(self, delta: Json, finish_reason: str | None = None) -> Json:
        return self._frame("chat.completion.chunk") | {
            "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}]
        }

    def first_chunk(self) -> Json:
        chunk = self.chunk({"role": "assistant", "content": ""})
        return chunk | {"x_groq": {"id": self.request_id}} if self.dialect.usage_in == "x_groq" else chunk

    def text_chunk(self, word: str) -> Json:
        if self.reply.tool_call:
            return self.chunk({"tool_calls": [{"index": 0, "function": {"arguments": word}}]})
        return self.chunk({"content": word})

    def tool_chunk(self, tool: str) -> Json:
        call = {
            "index": 0,
            "id": "call_standin",
            "type": "function",
            "function": {"name": tool, "arguments": ""},
        }
        return self.chunk({"tool_calls": [call]})

    @property
    def tells_usage(self) -> bool:
        return self.reply.usage and (self.wants_usage or self.dialect.usage_in != "stream_options")

    def last_chunks(self, chars: int) -> tuple[Json, list[Json]]:
        """The chunk with the finish reason and those with nothing but usage, for that many characters."""
        finish = self.chunk({}, self.reply.finish_reason)
        alone = self._frame("chat.completion.chunk") | {"choices": []}
        if not self.tells_usage:
            return finish, []
        usage = self._usage(chars)
        told = self._usage_fields(usage)
        if self.dialect.usage_in == "stream_options" or self.reply.usage_delay:
            return finish, [alone | told]
        again = [alone | {"usage": usage}] if self.wants_usage and self.dialect.usage_in == "x_groq" else []
        return finish | told, again

    def completion(self, text: str, tool: str, finished: bool) -> Json:
        message: Json = {"role": "assistant", "content": text}
        if self.reply.tool_call:
            call = {"id": "call_standin", "type": "function", "function": {"name": tool, "arguments": text}}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
        if self.reply.reasoning:
            message["reasoning"] = self.reply.reasoning
        reason = self.reply.finish_reason if finished else None
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
        body = self._frame("chat.completion") | {"choices": [choice]}
        if finished and self.reply.usage:
            body |= {"usage": self._usage(len(self.reply.reasoning) + len(text))}
        if self.dialect.name == "cerebras":
            body |= {"time_info": _times()}
        return body | {"x_groq": {"id": self.request_id}} if self.dialect.name == "groq" else body

    def _usage(self, chars: int) -> Json:
        prompt, output = self.reply.told or (self.prompt_tokens, -(-chars // 4))
        usage: Json = {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}
        if self.reply.reasoning:
            reasoning = min(count_tokens(self.reply.reasoning), output)
            usage["completion_tokens_details"] = {"reasoning_tokens": reasoning}
        return usage | _times() if self.dialect.name == "groq" else usage

    @property
    def request_id(self) -> str:
        return f"req_standin_{self.number}"

    def _usage_fields(self, usage: Json) -> Json:
        if self.dialect.usage_in == "x_groq":
            return {"x_groq": {"id": self.request_id, "usage": usage}}
        return {"usage": usage, "time_info": _times()} if self.dialect.name == "cerebras" else {"usage": usage}

    def _frame(self, kind: str) -> Json:
        frame: Json = {
            "id": f"chatcmpl-standin-{self.number}",
            "object": kind,
            "created": self.created,
            "model": self.reply.served_as or self.model,
        }
        return frame | {"system_fingerprint": "fp_standin"} if self.reply.fingerprint else frame


def error_body(dialect: Dialect, fault: Fault) -> Json:
    error = {"message": fault.message, "type": fault.type, "param": fault.parameter, "code": fault.code}
    if dialect.name == "groq":
        error = {key: value for key, value in error.items() if value is not None}
    return {"error": error} if dialect.nested_errors else error


def error_event(dialect: Dialect, fault: Fault) -> Json:
    """An error inside a stream: nested in every dialect; only Groq names the SSE event `error`."""
    error = {"message": fault.message, "type": fault.type, "code": fault.code}
    if dialect.name == "groq":
        return {"error": error | {"status_code": fault.status}}
    return {"error": error, "status_code": fault.status} if dialect.name == "cerebras" else {"error": error}


def model_list(dialect: Dialect, names: list[str]) -> Json:
    created = int(time.time())
    rows = [{"id": name, "object": "model", "created": created, "owned_by": dialect.owner} for name in names]
    if dialect.name == "groq":
        extra = {"active": True, "public_apps": None, "max_completion_tokens": 32768}
        rows = [row | extra | {"context_window": CONTEXT_WINDOWS.get(str(row["id"]), 8192)} for row in rows]
    return {"object": "list", "data": rows}


def _times() -> Json:
    return {"queue_time": 0.0001, "prompt_time": 0.0002, "completion_time": 0.0010, "total_time": 0.0013}


def tool_name(body: Json) -> str:
    tools = body.get("tools") or [{}]
    return str((tools[0].get("function") or {}).get("name", "standin_tool"))
