"""Supabase Realtime's wire protocol, as far as channels and broadcasts go."""
