using System.Text;

namespace ChatKit.Tests.Redis;

/// <summary>The slot of a key by the cluster's specification: CRC-16/XMODEM of what is in the first braces, modulo 16384.</summary>
internal static class RedisClusterSlot
{
    public static int Of(string key)
    {
        var open = key.IndexOf('{');
        var tag = key[(open + 1)..key.IndexOf('}', open)];
        var crc = 0;
        foreach (var b in Encoding.UTF8.GetBytes(tag))
        {
            crc ^= b << 8;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
        }

        return (crc & 0xFFFF) % 16384;
    }
}
