{{ delay_features('origin') }}
