using DeviceAgent.Crypto;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Crypto
{
    [TestClass]
    public class Rfc6979Tests
    {
        // A.2.5, SHA-256, message "sample"; the second and third, which no published vector has, were worked out with another HMAC
        [TestMethod]
        public void ANonceThatCannotBeUsedIsFollowedByAnother()
        {
            Rfc6979 nonces = new Rfc6979(
                Hex.Bytes("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"),
                Hex.Bytes("AF2BDBE1AA9B6EC1E2ADE1D694F41FC71A831D0268E9891562113D8A62ADD1BF"));
            Assert.AreEqual("A6E3C57DD01ABE90086538398355DD4C3B17AA873382B0F24D6129493D8AAD60", Hex.Text(nonces.Next()));
            Assert.AreEqual("8E83DC490BC5FC4D5992BD63CD87F254ADFFCB930F8A8011702A88870F638FDB", Hex.Text(nonces.Next()));
            Assert.AreEqual("7B8DC9AD8CE159ABCA1B9915FC1470E91D5AD2443B3032557E78F47E180AB702", Hex.Text(nonces.Next()));
        }
    }
}
