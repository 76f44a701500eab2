"""What each column is for: roles, dates, the target, what gives it away."""
