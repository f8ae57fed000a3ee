from django.urls import path

from . import mail_views

app_name = "mails"
urlpatterns = [
    path("", mail_views.mail_list, name="list"),
    path("resend/", mail_views.mail_resend, name="resend"),
    path("<key:pk>/", mail_views.mail_detail, name="detail"),
]
