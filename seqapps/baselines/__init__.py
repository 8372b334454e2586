"""Ordinary predictors that every network is compared with: training cases -> Predict."""
