{{ delay_features('route') }}
