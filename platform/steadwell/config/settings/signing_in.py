"""Accounts, sessions, second factors and lock-out: how a person comes in, and how long they stay."""

from __future__ import annotations

from datetime import timedelta

from steadwell.config import env

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "steadwell.accounts.backends.AccountBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

# Sessions: rows in Postgres. By role: seconds without use, since signing in. The strictest role counts.
SESSION_ENGINE = "steadwell.accounts.sessions"
SESSION_COOKIE_NAME = "steadwell_session"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_TOUCH_SECONDS = 60  # how often at most the time of last use is written
SESSION_LIMITS = {
    "none": (30 * 60, 24 * 3600),
    "patient": (30 * 60, 24 * 3600),
    "proxy": (30 * 60, 24 * 3600),
    "clinician": (15 * 60, 12 * 3600),
    "front-desk": (15 * 60, 12 * 3600),
    "manager": (15 * 60, 12 * 3600),
    "administrator": (10 * 60, 8 * 3600),
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "steadwell.accounts.passwords.LengthValidator", "OPTIONS": {"least": 12}},
    {"NAME": "steadwell.accounts.passwords.BlockListValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600

ACCOUNTS_OPEN_SIGN_UP = env.flag("ACCOUNTS_OPEN_SIGN_UP", default=True)
ACCOUNT_ADAPTER = "steadwell.accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_RATE_LIMITS = False  # counted in Postgres instead, see accounts.sign_in.doors
ACCOUNT_FORMS = {
    "login": "steadwell.accounts.forms.LoginForm",
    "signup": "steadwell.accounts.forms.SignupForm",
    "add_email": "steadwell.accounts.forms.AddEmailForm",
    "change_password": "steadwell.accounts.forms.ChangePasswordForm",
    "set_password": "steadwell.accounts.forms.SetPasswordForm",
    "reset_password": "steadwell.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "steadwell.accounts.forms.ResetPasswordKeyForm",
    "reauthenticate": "steadwell.accounts.forms.ReauthenticateForm",
    "confirm_email_verification_code": "steadwell.accounts.forms.ConfirmCodeForm",
}
MFA_ADAPTER = "steadwell.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
MFA_RATE_LIMITS = False
MFA_FORMS = {
    "authenticate": "steadwell.accounts.forms.AuthenticateForm",
    "reauthenticate": "steadwell.accounts.forms.FactorReauthenticateForm",
    "authenticate_webauthn": "steadwell.accounts.forms.AuthenticateWebAuthnForm",
    "login_webauthn": "steadwell.accounts.forms.LoginWebAuthnForm",
    "activate_totp": "steadwell.accounts.forms.ActivateTOTPForm",
    "add_webauthn": "steadwell.accounts.forms.AddWebAuthnForm",
}

AXES_HANDLER = "steadwell.accounts.sign_in.lockout.LockoutHandler"
AXES_FAILURE_LIMIT = 5  # of one account
ADDRESS_FAILURE_LIMIT = 50  # from one address, whatever the account: a whole clinic may share one
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_USERNAME_CALLABLE = "steadwell.accounts.sign_in.lockout.account_key"
AXES_CLIENT_IP_CALLABLE = "steadwell.accounts.sign_in.addresses.client_address"
AXES_CLIENT_STR_CALLABLE = "steadwell.accounts.sign_in.lockout.client_words"
AXES_LOCKOUT_CALLABLE = "steadwell.accounts.sign_in.lockout.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "login", "email", "code", "credential", "oldpassword"]
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
