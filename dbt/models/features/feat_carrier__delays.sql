{{ delay_features('carrier') }}
