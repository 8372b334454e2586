"""The search over settings: every trial is an ordinary run, judged on the validation split."""
