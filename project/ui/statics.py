from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Names every file by its content, scripts that import each other too: a new release never
    mixes with what a browser kept of the old one."""

    support_js_module_import_aggregation = True
