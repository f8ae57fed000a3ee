"""What every API of the house shares: who asks, how often, what was answered, what is wrong."""
