"""The smallest pieces of a page: a page draws hundreds of them, and one of Jinja's macros takes ten times as long.

Each file has what the component of its name in templates/components/ offers: templates say `buttons.link`, which is
`link` of buttons.py here. What people wrote comes in as text and is escaped; Markup is taken as it is.
"""

from __future__ import annotations

from flask import Flask

from blogforge_llm.web.pieces import addresses, buttons, charts, forms, icons, menus, progress, status, tables


def init(app: Flask) -> None:
    app.jinja_env.globals["url_for"] = addresses.address
    app.jinja_env.globals["pieces"] = {
        "buttons": buttons, "charts": charts, "forms": forms, "icons": icons, "menus": menus, "progress": progress,
        "status": status, "tables": tables,
    }  # fmt: skip
