// Entry point. Every page works without these modules; they add speed of hand.
import "./progress.js";
import "./toasts.js";
import "./menu.js";
import "./selection.js";
import "./dialog.js";
import "./caret.js";
import "./keyboard.js";
import "./lookup.js";
import "./columns.js";
import "./copy.js";
import "./download.js";
import "./sheet.js";
import "./live.js";
import "./signature.js";
