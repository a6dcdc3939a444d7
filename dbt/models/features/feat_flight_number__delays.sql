{{ delay_features('flight_number') }}
