// Loads every behaviour (but apidocs.js, which has its own page). Each binds itself to its data-* attributes; order matters only for confirm before busy.
import "./notices.js";
import "./errors.js";
import "./confirm.js";
import "./busy.js";
import "./focus.js";
import "./autogrow.js";
import "./copy.js";
import "./menu.js";
import "./dialog.js";
import "./sortable.js";
import "./sortable-drag.js";
import "./filter.js";
import "./shortcuts.js";
import "./relative-time.js";
import "./scroll-current.js";
import "./live.js";
