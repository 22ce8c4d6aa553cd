"""The application for any WSGI server: `gunicorn wsgi:app` behind your own process manager. See docs/operators.md."""

from blogforge_llm import config, db, tracing
from blogforge_llm.app import create_app
from blogforge_llm.cli import database
from blogforge_llm.watching import watch

tracing.configure_logging()
settings = config.from_env()
db.open_pool(database.url_of_running(settings), max_size=24)
app = create_app(settings)
watch.start()
