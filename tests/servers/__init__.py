"""What kui.websocket promises, on real servers over loopback."""
