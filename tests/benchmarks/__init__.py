"""What is measured rather than tested: these machines are noisy. `make bench` prints every number with its target."""
