"""Small rings of how much is done."""

from __future__ import annotations

from markupsafe import Markup, escape


def ring(share: float | None = None, label: str | None = None) -> Markup:
    """Of share 0..1, or turning when none is known."""
    busy = " ring--busy" if share is None else ""
    told = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    part = round(100 * float(0.3 if share is None else share), 1)
    return Markup(
        f'<svg class="ring{busy}" viewBox="0 0 24 24" {told}>'
        '<circle class="ring__track" cx="12" cy="12" r="9"></circle>'
        f'<circle class="ring__value" cx="12" cy="12" r="9" pathLength="100" stroke-dasharray="{part} 200"></circle>'
        "</svg>"
    )
