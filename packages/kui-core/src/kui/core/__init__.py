"""The connection, its context, the application and its errors: the pieces that every kui protocol stands on."""
