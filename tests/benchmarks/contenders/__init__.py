"""What `make bench` measures, each as a program of its own that takes its job as the first argument."""
