{{ delay_features('carrier_origin_hour') }}
