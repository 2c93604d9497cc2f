"""`python -m ivrflow` is `ivrflow`."""

from ivrflow.cli import main

if __name__ == "__main__":
    main()
