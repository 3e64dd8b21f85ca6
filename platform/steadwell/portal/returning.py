"""Where a posted form leads back to: an address of ours that the form named, or the page's own choice."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme


def return_address(request: HttpRequest, otherwise: str = "/") -> str:
    target = request.POST.get("next") or request.GET.get("next") or otherwise
    allowed = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if allowed else otherwise


class SeeOther(HttpResponseRedirect):
    """The answer of a form is another page, to be read with GET (RFC 9110, section 15.4.4)."""

    status_code = 303
