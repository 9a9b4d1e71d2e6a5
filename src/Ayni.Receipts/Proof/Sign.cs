namespace Ayni.Receipts;

/// <summary>Signs a message by an Ed25519 key (RFC 8032); 64 bytes.</summary>
internal delegate byte[] Sign(ReadOnlySpan<byte> message);
