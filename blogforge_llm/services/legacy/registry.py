"""Providers and models of the original. What is here at the same address is used as it is; keys are not read."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from blogforge_llm import db
from blogforge_llm.errors import Conflict
from blogforge_llm.records.registry import Model, Provider, ProviderKind
from blogforge_llm.services.legacy import rows, values
from blogforge_llm.services.legacy.rows import Run, Taking
from blogforge_llm.services.legacy.source import Row, digest
from blogforge_llm.services.registry import known_services, models, providers

_KNOWN = (("anthropic", "anthropic"), ("claude", "anthropic"), ("gemini", "gemini"), ("google", "gemini"))
_EMBEDS = re.compile(r"embed", re.I)
_LATEST = ":latest"


def take_config(conn: db.Connection, run: Run, row: Row) -> None:
    """V0 and V1 had no providers: one row names the address and the model."""
    rows.take(conn, run, "llm_config", row, _config)


def take_provider(conn: db.Connection, run: Run, row: Row) -> None:
    rows.take(conn, run, "llm_provider", row, _provider)


def take_model(conn: db.Connection, run: Run, row: Row) -> None:
    rows.take(conn, run, "llm_model", row, _model)


def find_model(conn: db.Connection, name: str, provider_id: int | None = None) -> Model | None:
    """By name, or by name and “:latest”, as Ollama spells the same. None also when several providers have one."""
    known = [each for each in models.list_all(conn) if provider_id is None or each.provider_id == provider_id]
    plain = name.removesuffix(_LATEST)
    found = [each for each in known if each.name == name] or [
        each for each in known if each.name.removesuffix(_LATEST) == plain
    ]
    return found[0] if len(found) == 1 else None


def _config(taking: Taking) -> None:
    kind, name = values.name_of(taking.get("provider_type"), ""), values.name_of(taking.get("model_name"), "")
    provider = _ensure(taking, kind.title() or "Imported provider", kind, taking.get("api_base"))
    taking.became("provider", provider.id)
    if name:
        _ensure_model(taking, provider, name, None)
    if taking.row.data.get("is_active") is False:
        taking.change("is_active: the order of models is a route's here; look at the default route")


def _provider(taking: Taking) -> None:
    name = values.name_of(taking.get("name"), f"Provider {taking.row.id}", longest=100)
    wanted = digest(name, taking.get("type"), taking.get("api_url"))
    before = taking.before
    if before is not None and before.noun_id is not None and before.written is not None:
        provider = providers.get(taking.conn, provider_id=before.noun_id)
        if before.written != wanted:
            _change(taking, provider, name)
    else:
        provider = _ensure(taking, name, str(taking.get("type") or ""), taking.get("api_url"))
    taking.became("provider", provider.id, written=wanted)
    taking.tell_rest(("name", "type", "api_url"))


def _change(taking: Taking, provider: Provider, name: str) -> None:
    """The source changed a provider that is here: registry rows have no history, so a person decides."""
    raise Conflict(f"“{name}” was changed in the source since it was imported as “{provider.name}”. Change it by hand.")


def _ensure(taking: Taking, name: str, kind: str, address: object) -> Provider:
    """The provider of this name or address, else a new one. Raises Conflict for one name and two addresses."""
    url = _address(taking, name, kind.lower(), address)
    known = providers.list_all(taking.conn)
    at_address = [each for each in known if _plain(each.base_url) == _plain(url)]
    if at_address:
        if at_address[0].name != name:
            taking.change(f"it is the provider “{at_address[0].name}” here, which has the same address")
        return at_address[0]
    if any(each.name.lower() == name.lower() for each in known):
        raise Conflict(
            f"There is a provider “{name}” here with another address. Make the imported one by hand if you need it."
        )
    return providers.create(
        taking.conn, actor=taking.run.actor, name=name, kind=ProviderKind.OPENAI_COMPATIBLE, base_url=url
    )


def _address(taking: Taking, name: str, kind: str, address: object) -> str:
    """Where its OpenAI-compatible face is. Raises Conflict when nothing tells."""
    given = values.text_of(address).text.strip().rstrip("/")
    parts = urlsplit(given)
    if parts.username or parts.password:
        given = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        taking.change("the address was taken without the name and password in it")
    if kind in ("local", "ollama") or parts.netloc.endswith(":11434"):
        bare = re.sub(r"/(api(/.*)?|v1)$", "", given) or "http://127.0.0.1:11434"
        taking.change("it is asked by its OpenAI-compatible address, …/v1")
        return f"{bare}/v1"
    words = f"{name} {given}".lower()
    service = kind if kind == "openai" else next((key for word, key in _KNOWN if word in words), None)
    if service is not None:
        url = known_services.get(service).base_url or ""
        if given and _plain(given) != _plain(url):
            taking.change(f"it is asked by its OpenAI-compatible address, {url}")
        return url
    if not given:
        raise Conflict("Its address is missing, and its name is none of the services known here. Connect it by hand.")
    return given


def _plain(url: str | None) -> str:
    return (url or "").rstrip("/").replace("//localhost", "//127.0.0.1").lower()


def _model(taking: Taking) -> None:
    name = values.name_of(taking.get("name") or taking.get("model_name"), "")
    provider_id = rows.find(taking.conn, taking.run, "llm_provider", taking.get("provider_id"))
    if not name or provider_id is None:
        taking.leave_out("it has no name" if not name else "its provider was not imported")
        return
    if _EMBEDS.search(name):
        taking.leave_out("it makes embeddings and writes no text")
        return
    settings = values.data_of(taking.get("api_params") or taking.get("config"))
    most = values.whole_number(settings.get("max_tokens")) if isinstance(settings, dict) else None
    provider = providers.get(taking.conn, provider_id=provider_id)
    model = _ensure_model(taking, provider, name, most if most and most > 0 else None)
    taking.became("model", model.id)
    taking.tell_rest(("name", "model_name", "provider_id", "api_params", "config"))


def _ensure_model(taking: Taking, provider: Provider, name: str, most: int | None) -> Model:
    found = find_model(taking.conn, name, provider.id)
    if found is not None:
        if found.name != name:
            taking.change(f"it is the model “{found.name}” here")
        return found
    is_first = not models.list_all(taking.conn, limit=1)
    model = models.create(
        taking.conn, actor=taking.run.actor, provider_id=provider.id, name=name, max_output_tokens=most
    )
    if is_first:
        taking.change("as the first model here it makes the default route")
    return model
