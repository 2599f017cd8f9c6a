"""`python -m gradiometer`: the same command as `gradiometer`."""

from gradiometer.terminal import main

if __name__ == "__main__":
    main()
