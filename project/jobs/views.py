from urllib.parse import urlsplit

from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from project.jobs import services
from project.jobs.models import Progress
from project.ui.errors import asks_for_part

SHOWN = 50


@require_safe
@vary_on_headers("HX-Request")
def job_list(request):
    jobs = Progress.objects.visible_to(request.user).select_related("owner")[:SHOWN]
    context = {"jobs": jobs, "moving": any(not job.is_finished for job in jobs)}
    return render(request, template(request, "list"), context)


@require_safe
@vary_on_headers("HX-Request")
def job_detail(request, pk):
    progress = get_object_or_404(Progress.objects.visible_to(request.user), pk=pk)
    if progress.is_finished and stands_elsewhere(request, progress):
        return HttpResponseClientRefresh()
    return render(request, template(request, "detail"), {"progress": progress})


@require_POST
def job_cancel(request, pk):
    progress = get_object_or_404(Progress, pk=pk, owner=request.user)
    services.cancel(progress)
    return redirect(progress)


def stands_elsewhere(request, progress):
    """Whether another page than the job's own waits for its end: there is more on it to renew."""
    if not asks_for_part(request) or not request.htmx.current_url_abs_path:
        return False
    return urlsplit(request.htmx.current_url_abs_path).path != progress.get_absolute_url()


def template(request, page):
    """The page, or the part of it that an htmx request refreshes."""
    if asks_for_part(request):
        return {"list": "jobs/_jobs.html", "detail": "jobs/_progress.html"}[page]
    return f"jobs/{page}.html"
