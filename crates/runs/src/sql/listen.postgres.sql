-- What wakes workers on other machines.
listen dragoman_runs
