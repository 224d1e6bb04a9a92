/* Temperatures. */
double to_fahrenheit(double celsius);
double to_celsius(double fahrenheit);
