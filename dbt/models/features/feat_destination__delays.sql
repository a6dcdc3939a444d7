{{ delay_features('destination') }}
