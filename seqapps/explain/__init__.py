"""What happens to one example on its way through a model, for people who learn."""
