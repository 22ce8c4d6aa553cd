"""A stand-in for LLM providers: a server on loopback that speaks the wire formats of Groq, Cerebras and
OpenAI-compatible services and breaks in every documented way, chosen by model name or script. Standard
library only. The only fake in the test suite; used through the real SDKs. `python -m tests.provider_standin`
runs it as a program.
"""

from .answers import count_tokens, default_answer, in_words, prompt_text
from .gates import Gate
from .ledger import Request, Totals, key_hash
from .plans import Ending, Fault, Hangup, Page, Plan, Reply
from .playbook import Text
from .standin import Standin

__all__ = [
    "Ending",
    "Fault",
    "Gate",
    "Hangup",
    "Page",
    "Plan",
    "Reply",
    "Request",
    "Standin",
    "Text",
    "Totals",
    "count_tokens",
    "default_answer",
    "in_words",
    "key_hash",
    "prompt_text",
]
