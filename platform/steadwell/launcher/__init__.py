"""`python3 manage.py up`: embedded Postgres and Valkey and every process, supervised."""
