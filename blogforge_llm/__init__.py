"""BlogForge LLM: editors automate their writing, admins keep the models, every call is a row.

The map of the package is docs/architecture.md; app.py is its table of contents.
"""
