"""`python -m kui`: the command `kui`."""

from kui.asgi.commands import main

if __name__ == "__main__":
    main()
