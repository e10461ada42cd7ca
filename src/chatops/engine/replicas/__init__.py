"""What replicas tell each other over Redis: the events of running turns, stops, rates, slots of a platform's limits."""
