"""Networks of growing width against their infinite-width limits: kernel, random kernel, kernel flow."""
