"""Services we know how to reach: facts that pre-fill the connect page and then are ordinary editable rows.

Prices are left out: they change, and an unknown price is better than a wrong one. Limits are those of the free plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import entry_points

from blogforge_llm.errors import NotFound
from blogforge_llm.records.registry import ProviderKind

NOT_AI = frozenset({"echo", "echo-needs-key"})  # llm-echo: repeats its prompt


@dataclass(frozen=True, slots=True)
class KnownModel:
    name: str
    context_window: int | None = None


@dataclass(frozen=True, slots=True)
class KnownService:
    """`models` stand in the order to ask them. `variable` is where its key usually stands in an environment."""

    key: str
    name: str
    kind: ProviderKind
    about: str
    group: str  # hosted, local, other
    base_url: str | None = None
    needs_key: bool = True
    variable: str | None = None
    keys_url: str | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    models: tuple[KnownModel, ...] = ()


def _hosted(
    key: str, name: str, about: str, base_url: str, variable: str, keys_url: str, *models: KnownModel
) -> KnownService:
    return KnownService(
        key, name, ProviderKind.OPENAI_COMPATIBLE, about, "hosted", base_url,
        variable=variable, keys_url=keys_url, models=models,
    )  # fmt: skip


def _local(key: str, name: str, about: str, base_url: str) -> KnownService:
    return KnownService(key, name, ProviderKind.OPENAI_COMPATIBLE, about, "local", base_url, needs_key=False)


SERVICES = (
    KnownService(
        "groq", "Groq", ProviderKind.GROQ, "Open models, very fast. Has a free plan.", "hosted",
        variable="GROQ_API_KEY", keys_url="https://console.groq.com/keys",
        requests_per_minute=30, tokens_per_minute=6000,
        models=(
            KnownModel("llama-3.3-70b-versatile", 131_072),
            KnownModel("openai/gpt-oss-120b", 131_072),
            KnownModel("openai/gpt-oss-20b", 131_072),
            KnownModel("llama-3.1-8b-instant", 131_072),
        ),
    ),
    KnownService(
        "cerebras", "Cerebras", ProviderKind.CEREBRAS, "Open models, very fast. Has a free plan.", "hosted",
        variable="CEREBRAS_API_KEY", keys_url="https://cloud.cerebras.ai",
        requests_per_minute=30, tokens_per_minute=60_000,
        models=(KnownModel("gpt-oss-120b", 131_072),),
    ),
    _hosted(
        "openai", "OpenAI", "The GPT models.", "https://api.openai.com/v1",
        "OPENAI_API_KEY", "https://platform.openai.com/api-keys",
        KnownModel("gpt-4.1-mini", 1_047_576), KnownModel("gpt-4.1", 1_047_576),
    ),
    _hosted(
        "anthropic", "Anthropic", "The Claude models, by their OpenAI-compatible address.", "https://api.anthropic.com/v1",
        "ANTHROPIC_API_KEY", "https://console.anthropic.com/settings/keys",
    ),
    _hosted(
        "gemini", "Google Gemini", "The Gemini models, by their OpenAI-compatible address.",
        "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY", "https://aistudio.google.com/apikey",
    ),
    _hosted(
        "mistral", "Mistral", "European models, large and small.", "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY", "https://console.mistral.ai/api-keys",
    ),
    _hosted(
        "openrouter", "OpenRouter", "Models of many makers behind one key.", "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY", "https://openrouter.ai/keys",
    ),
    _hosted(
        "together", "Together AI", "A wide choice of open models.", "https://api.together.xyz/v1",
        "TOGETHER_API_KEY", "https://api.together.ai/settings/api-keys",
    ),
    _hosted(
        "deepseek", "DeepSeek", "The DeepSeek models.", "https://api.deepseek.com/v1",
        "DEEPSEEK_API_KEY", "https://platform.deepseek.com/api_keys",
    ),
    _hosted("xai", "xAI", "The Grok models.", "https://api.x.ai/v1", "XAI_API_KEY", "https://console.x.ai"),
    _local("ollama", "Ollama", "Models on this machine, no key.", "http://127.0.0.1:11434/v1"),
    _local("lmstudio", "LM Studio", "Models on this machine; start its server first.", "http://127.0.0.1:1234/v1"),
    _local("llamacpp", "llama.cpp server", "One model on this machine.", "http://127.0.0.1:8080/v1"),
    KnownService(
        "custom", "OpenAI-compatible server", ProviderKind.OPENAI_COMPATIBLE,
        "Any other service or server that speaks OpenAI's format.", "other", needs_key=False,
    ),
    KnownService(
        "llm", "llm plugins", ProviderKind.LLM, "Models of the plugins of the llm library installed here.", "other",
        needs_key=False,
    ),
    KnownService(
        "echo", "Echo", ProviderKind.LLM, "Works offline and repeats its prompt. For trying things out.", "other",
        needs_key=False, models=(KnownModel("echo"),),
    ),
)  # fmt: skip


def get(key: str) -> KnownService:
    for service in SERVICES:
        if service.key == key:
            return service
    raise NotFound("There is no such service to connect. Choose one of the list.")


def list_local() -> list[KnownService]:
    """Those that run on this machine, and can be looked for."""
    return [service for service in SERVICES if service.group == "local"]


def list_models(kind: ProviderKind, base_url: str | None) -> tuple[KnownModel, ...]:
    """Those to suggest for a provider of this kind and address, in the order to ask them; empty for most."""
    for service in SERVICES:
        if service.kind == kind and (kind != ProviderKind.OPENAI_COMPATIBLE or service.base_url == base_url):
            return service.models
    return ()


def list_plugins() -> list[str]:
    """The installed plugins of the llm library, by package name."""
    return sorted({point.dist.name for point in entry_points(group="llm") if point.dist is not None})
