"""What models wrap around an answer: thoughts, a preamble, a label, a fence, quotation marks, an offer of more. Taken
off only where no author would have written it: what is doubtful stays.
"""

from __future__ import annotations

import re

_PLAIN_FENCES = ("", "markdown", "md", "text", "txt", "plaintext")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*([\w+-]*)[ \t]*")
_THINKING = re.compile(r"\s*<think(?:ing)?>.*?</think(?:ing)?>\s*", re.DOTALL | re.IGNORECASE)
_STILL_THINKING = re.compile(r"\s*<think(?:ing)?>", re.IGNORECASE)
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "„": "“", "`": "`"}

# "Sure! Here is the excerpt:" is chatter; "Here is what nobody tells you about bread:" begins an article. So the line
# must agree to something, or name what was asked for.
_YES = r"(?:sure(?: thing)?|certainly|of course|absolutely|okay|ok|great|got it|happy to help)"
_HERE = r"(?:here(?:'s|’s| is| are)|below (?:is|are))"
_ASSENT = rf"{_YES}\b[!,.][^\n]{{0,120}}:"
_ASKED_FOR = (
    rf"{_HERE}\b[^\n.!?]{{0,100}}?"
    r"\b(?:you (?:asked|requested|wanted)|requested|your|suggest\w*|"
    r"title|titles|excerpt|summary|description|draft|article|section|version|outline|json|answer|output|result|rewrite)\b"
    r"[^\n.!?]{0,60}:"
)
_PREAMBLE = re.compile(
    rf"(?:{_ASSENT}|{_ASKED_FOR})[ \t]*\**[ \t]*\n(?=\s*\n|\s*(?:[-*•`\[{{\"“]|\d+[.)]))\s*", re.IGNORECASE
)
# Handed over by its name, so plainly that no blank line is needed after it. "Here is the plan:" may begin an article,
# "Here is your plan:" and "Here is the revised plan:" speak to whoever asked.
_WORDS = r"(?:[\w'’-]{1,30} ){0,4}?"
_PIECE = (
    r"(?:titles?|subtitle|headlines?|headings?|captions?|excerpt|summary|description|metadata|draft|article|section|version"
    r"|outline|rewrite|brief|text|paragraphs?|introduction|intro|blurb|conclusion|checklist|schedule|suggestions?)"
)
_SUBJECT = rf"(?:{_PIECE}|ideas?|angle|plan|list|facts|topics|questions|review|notes|tags|categories|post)"
_CHANGED = (
    r"(?:expanded|revised|rewritten|reworded|shortened|shorter|improved|updated|sharpened|sharper|refined|polished|plainer"
    r"|clearer|new|alternative|different|requested|proposed|suggested)"
)
_FOR_YOU = r"(?: (?:for (?:you|the article|this article)\b|based on|as requested|you )[^\n:]{0,80})?"
_HANDED_OVER = re.compile(
    rf"(?:{_YES}[!,.][ \t]+)?{_HERE} (?:(?:the|an?|\d+) {_WORDS}{_PIECE}|your {_WORDS}{_SUBJECT}"
    rf"|(?:the|an?) {_WORDS}{_CHANGED} {_WORDS}{_SUBJECT}){_FOR_YOU}:[ \t]*\**[ \t]*\n\s*",
    re.IGNORECASE,
)
_AGREED = re.compile(
    rf"(?:{_YES}[!,.][ \t]+{_HERE}\b[^\n]{{0,120}}[.!]|(?:sure(?: thing)?|certainly|of course|absolutely)!)"
    r"[ \t]*\n\s*\n\s*",
    re.IGNORECASE,
)
_PREAMBLES = (_PREAMBLE, _HANDED_OVER, _AGREED)

# Before the one line that was asked for: "Bread: a history" is a title, "Title: Bread" is one with a label.
_LABELS = (
    re.compile(
        rf"(?:{_YES}[!,.][ \t]+)?{_HERE} (?:the|your|an?|my|one) {_WORDS}"
        r"(?:title|subtitle|headline|heading|line|suggestion)(?: (?:for|based on|that|of|as|you)\b[^:\n]{0,60})?:\s*",
        re.IGNORECASE,
    ),
    re.compile(
        r"(\*\*|__|)(?:(?:working|provisional|main|suggested|proposed|new|revised|final|alternative|shorter) )?"
        r"(?:title|subtitle|headline):\1\s*",
        re.IGNORECASE,
    ),
    re.compile(r"(?:sure|certainly|here)\b[^:\n\"“]{0,100}:[ \t]*(?=[\"“])", re.IGNORECASE),
    re.compile(r"(?:sure(?: thing)?|certainly|of course|absolutely|got it|happy to help)!\s+", re.IGNORECASE),
    re.compile(r"#{1,6}\s+|(?:1[.)]|[-+•*])[ \t]+"),
)

# An article may end with "Let me know in the comments"; chatter offers to change the text.
_OFFER_WITHIN = 600  # the end of the text that is looked at: patterns over all of it could take minutes
_OFFER = re.compile(
    r"\n\s*\n(?:[-*_]{3,}\s*\n\s*)?[ \t]*(?:(?:please |just )?let me know if|would you like me to|i hope this"
    r"|feel free to (?:ask|let me)|if you(?:'d|’d| would) like(?:,| me)|do you want me to|i can also)\b"
    r"(?![^\n]*\bcomments?\b)[^\n]{0,240}\s*\Z",
    re.IGNORECASE,
)


def without_thinking(text: str) -> str:
    """Without the thoughts before the answer, if they came to an end."""
    return _THINKING.sub("", text, count=1) if _THINKING.match(text) else text


def is_still_thinking(text: str) -> bool:
    return _STILL_THINKING.match(text) is not None


def unwrapped(text: str) -> str:
    """Without a fence around all of it, a line of preamble and a closing offer."""
    previous = None
    while text != previous:
        previous = text
        text = text[:-_OFFER_WITHIN] + _OFFER.sub("", text[-_OFFER_WITHIN:])
        for preamble in _PREAMBLES:
            text = preamble.sub("", text, count=1) if preamble.match(text) else text
        text = _unfenced(text.strip()).strip()
    return text


def unlabelled(line: str) -> str:
    """One line without what stands before it: "Title:", "1.", "Certainly!"."""
    for label in _LABELS:
        if (found := label.match(line)) and unquoted(line[found.end() :]).strip():
            line = line[found.end() :]
    return line


def unquoted(text: str) -> str:
    """Without the quotation marks around all of it; "Yes" and "No" keeps its own."""
    closing = _QUOTES.get(text[:1])
    if closing is None or len(text) < 2 or not text.endswith(closing):
        return text
    inner = text[1:-1]
    if closing in inner.replace(f"\\{closing}", "") or text[0] in inner:
        return text
    return inner.replace(f"\\{closing}", closing).strip()


def first_block(text: str) -> tuple[str, str]:
    """What stands in the first fence and what follows it, or nothing."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if opening := _FENCE.fullmatch(line):
            block, _, after = "\n".join(lines[number + 1 :]).partition(opening[1])
            return block, after
    return "", ""


def _unfenced(text: str) -> str:
    """Without one fence from end to end: a text of two code blocks begins and ends with a fence as well."""
    first, _, rest = text.partition("\n")
    opening = _FENCE.fullmatch(first)
    if opening is None or not rest.endswith(opening[1]):
        return text
    fence, language, inner = opening[1], opening[2].lower(), rest.removesuffix(opening[1])
    is_whole = inner.count(fence) % 2 == 0 if language in ("markdown", "md") else fence not in inner
    return inner if is_whole and language in _PLAIN_FENCES else text
