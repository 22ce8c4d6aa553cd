"""The HTML side: an area per folder, each with its BLUEPRINTS. Views parse, call one service, answer."""

AREAS = ("accounts", "registry", "prompts", "tasks", "editorial", "ops")
