{{ delay_features('origin_hour') }}
