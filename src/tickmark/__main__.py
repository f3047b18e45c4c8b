"""`python -m tickmark`."""

from tickmark.cli.main import main

if __name__ == "__main__":
    main()
