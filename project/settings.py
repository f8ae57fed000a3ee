"""Settings. Everything an installation may change comes from the environment (see .env.example).

With DEBUG on nothing needs to be set. With DEBUG off a missing SECRET_KEY or ALLOWED_HOSTS stops
the start with a message, rather than letting a half-configured site go live.
"""

import sys
from email.utils import parseaddr
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")  # silently absent; real variables win over the file


def required(name, *, in_debug):
    """The variable, or `in_debug` while DEBUG is on; loud where it is missing in production."""
    if name in env.ENVIRON and env.str(name):
        return env.str(name)
    if DEBUG:
        return in_debug
    raise ImproperlyConfigured(f"{name} must be set when DEBUG is off (see .env.example).")


DEBUG = env.bool("DEBUG", default=True)
SECRET_KEY = required("SECRET_KEY", in_debug="insecure-development-key-" + "x" * 40)
ALLOWED_HOSTS = [
    host.strip()
    for host in required("ALLOWED_HOSTS", in_debug="localhost,127.0.0.1,[::1]").split(",")
    if host.strip()
]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
TESTING = "pytest" in sys.modules

# ---------------------------------------------------------------------------------- applications
INSTALLED_APPS = [
    # ground floor
    "project.utilisateurs",
    "project.search",
    "project.jobs",
    "project.ui",
    "project.audit",
    "project.actions",
    "project.notifications",
    "project.exchange",
    "project.directory",
    "project.exchange.imports",
    "project.api",
    # wings
    "bookings",
    "transport",
    "inventory",
    "bookings.installations",
    # Django and its companions
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",  # its widget templates, for FORM_RENDERER
    "django_htmx",
    "django_tables2",
    "django_filters",
    "crispy_forms",
    "crispy_bootstrap5",
    "simple_history",
    "django_tasks",
    "django_tasks_db",
    "rest_framework",
    "drf_spectacular",
    "axes",
    "csp",
    "js_lib_bootstrap5",
    "js_lib_bootstrap_icons",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "project.utilisateurs.middleware.UserLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "project.ui.middleware.HtmxResponseMiddleware",
    "project.audit.middleware.ActingUserMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
ASGI_APPLICATION = "project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "project.ui.context.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "project.ui.templatetags.days",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"

# A series of 1,000 rides is confirmed with a box for each.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_500

# -------------------------------------------------------------------------------------- database
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'carnet.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
database = DATABASES["default"]
if database["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock when a transaction opens, so two writers queue instead of
    # failing half-way; measured: 8 writers, no lock error.
    database.setdefault("OPTIONS", {}).update(
        transaction_mode="IMMEDIATE",
        timeout=20,
        init_command=(
            "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA temp_store=MEMORY;"
            "PRAGMA cache_size=-32000;PRAGMA mmap_size=134217728;"
            # A commit brings the log into the database past 128 MB; the worker does it before.
            "PRAGMA wal_autocheckpoint=32000;"
        ),
    )
else:
    database.setdefault("OPTIONS", {})
    if not TESTING:  # tests open connections by hand and count them
        database["OPTIONS"].setdefault("pool", {"min_size": 1, "max_size": env.int("DB_POOL", 8)})
    database["CONN_MAX_AGE"] = 0

# --------------------------------------------------------------------------------- users, access
AUTH_USER_MODEL = "utilisateurs.CustomUser"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "project.utilisateurs.backends.OneQueryBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "utilisateurs/locked.html"
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "project.utilisateurs.proxies.client_ip"
PROXIES = env.int("PROXIES", default=0)  # trusted ones in front, which say whom they serve
if TESTING:
    AXES_ENABLED = False  # switched on by the tests that are about it

# ------------------------------------------------------------------------- language, time, money
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "project.ui.languages"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
TIME_ZONE = env.str("TIME_ZONE", default="Africa/Dakar")
CURRENCY = env.str("CURRENCY", default="XOF")  # ISO 4217, what a new booking starts with
HOLIDAYS_COUNTRY = env.str("HOLIDAYS_COUNTRY", default="SN")  # ISO 3166, whose public holidays

# ----------------------------------------------------------------------------------------- files
# Files that people made or sent. They are private: no address leads into this folder.
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(BASE_DIR / "media")))
FILE_UPLOAD_PERMISSIONS = 0o600
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
if not DEBUG:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

# --------------------------------------------------------------------------------------- history
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
SIMPLE_HISTORY_DATE_INDEX = False  # history is read by record, never by date alone
SIMPLE_HISTORY_REVERT_DISABLED = True  # undo goes through the actions

# ------------------------------------------------------------------------------ background work
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# ---------------------------------------------------------------------------------------- e-mail
SITE_NAME = env.str("SITE_NAME", default="Carnet")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str(
    "DEFAULT_FROM_EMAIL", default=f"{SITE_NAME} <carnet@localhost>"
)
# What messages and calendar entries are known by for ever, whoever sends them.
SITE_DOMAIN = env.str("SITE_DOMAIN", default=parseaddr(DEFAULT_FROM_EMAIL)[1].rpartition("@")[2])
# Where this site is found: what links in messages begin with.
FOUND_AT = "http://127.0.0.1:8000" if DEBUG else f"https://{SITE_DOMAIN}"
SITE_URL = env.str("SITE_URL", default=FOUND_AT).rstrip("/")
EMAIL_FILE_PATH = BASE_DIR / "mails"
if DEBUG and not env.str("EMAIL_URL", default=""):
    EMAIL_BACKEND = "project.notifications.files.EmailBackend"
else:
    vars().update(env.email_url("EMAIL_URL", default="smtp://127.0.0.1:25"))
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=20)  # seconds, for each answer of the server

# ---------------------------------------------------------------------------- printed documents
COMPANY_NAME = env.str("COMPANY_NAME", default=SITE_NAME)
COMPANY_ADDRESS = env.str("COMPANY_ADDRESS", default="")  # one line
COMPANY_LOGO = env.str("COMPANY_LOGO", default="")  # a PNG or JPEG file
if COMPANY_LOGO:
    COMPANY_LOGO = str(BASE_DIR / COMPANY_LOGO)
    if not Path(COMPANY_LOGO).is_file():
        raise ImproperlyConfigured(f"COMPANY_LOGO: there is no file {COMPANY_LOGO}.")

# ------------------------------------------------------------------------------------------- API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],  # devices show who they are to the API's own door
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Carnet",
    "DESCRIPTION": "The API of installations (v1), and that of sales terminals (v2).",
    "VERSION": "2.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "APPEND_COMPONENTS": {
        "securitySchemes": {"IntegrationToken": {"type": "http", "scheme": "bearer"}}
    },
    "ENUM_NAME_OVERRIDES": {
        "InstallationStatus": "bookings.installations.states.Status",
        "ServiceKind": "bookings.installations.states.Kind",
        "Skill": "bookings.installations.states.Skill",
    },
}
API_PER_MINUTE = env.int("API_PER_MINUTE", default=300)  # requests of one integration
API_FAILURES_PER_MINUTE = env.int("API_FAILURES_PER_MINUTE", default=30)  # from one address
API_BODY_BYTES = env.int("API_BODY_BYTES", default=1_000_000)
API_ANSWERS_DAYS = env.int("API_ANSWERS_DAYS", default=7)  # how long idempotency keys are known
SYNC_PER_MINUTE = env.int("SYNC_PER_MINUTE", default=120)  # requests of one terminal
SYNC_FAILURES_PER_MINUTE = env.int("SYNC_FAILURES_PER_MINUTE", default=30)  # from one address
SYNC_BODY_BYTES = env.int("SYNC_BODY_BYTES", default=2_000_000)

# -------------------------------------------------------------------------------------- security
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "project.ui.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
if not DEBUG:
    # Behind a proxy that ends TLS; HTTPS=false for an installation on a closed local network.
    https = env.bool("HTTPS", default=True)
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = https
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=0)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"axes": {"level": "WARNING"}},  # it says several lines for every sign-in
}
